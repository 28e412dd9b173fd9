"""How clients come in: one module for each protocol at the door."""
