"""HTTP in, HTTP out. No rules: a surface for each dialect reads what is asked, and says what is answered."""
