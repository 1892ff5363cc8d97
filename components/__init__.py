"""What a user composes: images and microservices, and the settings they are made from."""
