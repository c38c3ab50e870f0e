"""Puts a Modbus bus together: the wire, the boards on it, and the loop that polls them. Imported when one is opened."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from drivers.base import DeviceConfig, Report
from drivers.board import BoardUnit
from drivers.framing.modbus import find_rtu_reply, find_tcp_reply
from drivers.links.modbus_bus import ModbusLink, SerialWire, TcpWire
from drivers.modbus import ModbusOptions, SerialLink, TcpLink
from drivers.polling import PolledDevice, PollingBus
from drivers.watch import Watch


def open_bus(key: Hashable, devices: Sequence[DeviceConfig], report: Report) -> PollingBus:
    """The bus for devices with equal links; touches no hardware yet."""
    link = _link(devices[0].options.link)
    polled = [_device(config, link, report) for config in devices]
    return PollingBus(key, link, polled, report)


def _link(link: SerialLink | TcpLink) -> ModbusLink:
    if isinstance(link, SerialLink):
        wire = SerialWire(link.port, link.baudrate, link.parity)
        return ModbusLink(wire, find_rtu_reply, link.timeout_ms)
    return ModbusLink(TcpWire(link.host, link.port), find_tcp_reply, link.timeout_ms)


def _device(config: DeviceConfig, link: ModbusLink, report: Report) -> PolledDevice:
    options: ModbusOptions = config.options
    timeout_ms = options.timeout_ms or options.link.timeout_ms
    unit = BoardUnit(link, options.layout(), options.unit, timeout_ms)
    return PolledDevice(config.id, unit, options.poll_ms, Watch(config.id, report))
