"""Starts LocalStack on the local host alone: its server listens everywhere, whatever GATEWAY_LISTEN says."""
import functools
import runpy

from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
runpy.run_module("localstack.runtime.main", run_name="__main__")
