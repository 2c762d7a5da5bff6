"""What both doors need of HTTP, and the guard around the socket of the pages."""
