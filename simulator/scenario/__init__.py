"""The world a contract lives in: YAML text in, a checked scenario out, numbers with sources.

Text is given to this package and paths are names only: it opens no files.
"""
