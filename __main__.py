"""Deploys the services that the stack lists: builds what has changed, then runs it in Nomad where Consul finds it."""

import pulumi

from components.program import build_images, deploy, read_settings

settings = read_settings()
images = build_images(settings)
services = deploy(settings, images)

pulumi.export(
    "services",
    {name: {"urls": it.urls, "image": it.image, "version": it.version} for name, it in services.items()},
)
