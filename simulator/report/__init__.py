"""What people see: documents, tables and sentences made from a study; nothing is computed here."""
