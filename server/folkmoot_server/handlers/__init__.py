"""What the server does for each request type; `dispatch.ROWS` says which function serves which."""
