"""The one place for SQL. One file per owner of tables, and the migrations beside them."""
