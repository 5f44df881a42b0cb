"""What grows with size: several processes on one database, full tables, many users, many live streams."""
