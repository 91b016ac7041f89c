"""What a resolver does by /etc/resolv.conf: resolv.conf(5)."""

import dataclasses

MOST_SERVERS = 3
MOST_NDOTS = 15


@dataclasses.dataclass
class Settings:
    servers: list[str]
    search: list[str]
    ndots: int
    timeout_seconds: int

    def list_candidates(self, name: str) -> list[str]:
        """Returns the names that are asked for, in this order, each with the dot at its end."""
        if name.endswith("."):
            return [name]
        searched = [f"{name}.{domain.strip('.')}." for domain in self.search if domain.strip(".")]
        return [f"{name}.", *searched] if name.count(".") >= self.ndots else [*searched, f"{name}."]


def parse_settings(text: str) -> Settings:
    settings = Settings([], [], 1, 5)
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) < 2:
            continue
        if words[0] == "nameserver":
            settings.servers.append(words[1])
        elif words[0] in ("search", "domain"):
            # The last one counts.
            settings.search = words[1:]
        elif words[0] == "options":
            for option in words[1:]:
                name, _, value = option.partition(":")
                if value.isdigit():
                    set_option(settings, name, int(value))
    # glibc asks no more of them; without one it asks this machine's own.
    settings.servers = settings.servers[:MOST_SERVERS] or ["127.0.0.1"]
    return settings


def set_option(settings: Settings, name: str, value: int) -> None:
    if name == "ndots":
        settings.ndots = min(value, MOST_NDOTS)
    elif name == "timeout":
        settings.timeout_seconds = value
