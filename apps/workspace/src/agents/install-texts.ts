/** The texts of docs/guides/agents.md. */
export const SYSTEMD_UNIT = `[Unit]
Description=Atlas agent
After=network-online.target
Wants=network-online.target

[Service]
User=atlas-agent
StateDirectory=atlas-agent
StateDirectoryMode=0700
ExecStart=/usr/local/bin/atlas-agent run
Restart=always
RestartSec=5
# On stop, the agent waits for the step under way. After this time, systemd kills both.
KillMode=mixed
TimeoutStopSec=15min

[Install]
WantedBy=multi-user.target
`;

export const ALLOWED_COMMANDS = `{
  "commands": [
    { "command": "/usr/bin/systemctl", "args": [["restart", "status"], "*.service"] },
    { "command": "df", "args": ["-h", "..."] }
  ]
}
`;

export const INSTALL = `sudo install -m 755 atlas-agent.cjs /usr/local/bin/atlas-agent
sudo useradd --system --home-dir /var/lib/atlas-agent --shell /usr/sbin/nologin atlas-agent
sudo install -d -m 700 -o atlas-agent -g atlas-agent /var/lib/atlas-agent`;

export const FROM_IMAGE = `docker run --rm atlas/tenant-plane:<version> cat dist/apps/agent/atlas-agent.cjs \\
  | install -m 0644 /dev/stdin atlas-agent.cjs`;

export const START = 'sudo systemctl enable --now atlas-agent';

export const ALLOW = 'sudo install -m 644 allowed-commands.json /var/lib/atlas-agent/';

/** Names under localhost exist only in browsers, so agents take the address of the machine itself. */
export function planeUrl({ protocol, hostname, port, origin }: Location): string {
  return hostname.endsWith('.localhost') ? `${protocol}//127.0.0.1:${port}` : origin;
}

export function enrolLine(url: string): string {
  return `sudo -u atlas-agent atlas-agent enrol --url ${url}`;
}

/** After a rotation, the agent is given its new key. */
export function newKeyLines(url: string): string {
  return `sudo systemctl stop atlas-agent
${enrolLine(url)}
sudo systemctl start atlas-agent`;
}
