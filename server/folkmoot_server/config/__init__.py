"""The configuration: declared once (`settings`), read (`load`), and handed to the rules (`policy`)."""
