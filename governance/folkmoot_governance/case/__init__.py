"""Cases: reports (G12) and appeals (P15). State and events, and the decisions on them."""
