"""What service.yaml can say, a file per concept. Service itself is in components/service_model.py."""
