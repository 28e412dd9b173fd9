"""Pictures, sound and films: uploading, posting and seeing them."""
