"""What was signed: a contract turns a statement of what happened into payments.

Nothing here knows where a statement comes from: a simulation, a provider's plan, a
spreadsheet of actuals or a round just played. No payment rule is written anywhere else.
"""
