"""Deploys the services that the stack lists: builds what has changed, then runs it in Nomad where Consul finds it."""

from components.program import build_images, deploy, read_settings, show

settings = read_settings()
images = build_images(settings)
services = deploy(settings, images)
show(services)
