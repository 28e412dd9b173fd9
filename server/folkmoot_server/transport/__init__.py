"""Connections: WebSocket frames over TCP, handshakes, addresses."""
