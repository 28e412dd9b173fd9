"""Pages: plain HTTP on the WebSocket's port."""
