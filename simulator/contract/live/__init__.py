"""A live contract: actuals in, whole pence and a ledger out, laid out so that anyone can check."""
