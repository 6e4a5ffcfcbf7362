"""What runs imported and published: the files in S3, and what can be looked up in them."""
