"""Many futures: files in, paired replications, comparisons, run folders out."""
