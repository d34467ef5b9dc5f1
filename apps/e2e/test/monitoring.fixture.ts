import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { eventually, freePort } from '@atlas/testing';

const onPath = (names: readonly string[]): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => spawnSync(file, ['--version']).status === 0);

const prometheusPath = onPath(['prometheus']);
const alertmanagerPath = onPath(['prometheus-alertmanager', 'alertmanager']);

/** Whether Prometheus and Alertmanager can be started on this machine. */
export const HAS_MONITORING = prometheusPath !== undefined && alertmanagerPath !== undefined;

/**
 * A real Prometheus and a real Alertmanager. Prometheus reads from this process which disks are full, and
 * Alertmanager sends each disk's alert in a request of its own, and only once.
 */
export class Monitoring {
  private readonly full = new Map<string, string>();
  private readonly processes: ChildProcess[] = [];

  private constructor(
    private readonly metrics: Server,
    private readonly folder: string,
  ) {}

  /** `ingestUrls`: where the alerts of each owner of disks are sent. */
  static async start(ingestUrls: Readonly<Record<string, string>>): Promise<Monitoring> {
    const metrics = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      const lines = [...monitoring.full].map(
        ([host, owner]) => `disk_full{ci="${host}",owner="${owner}"} 1\n`,
      );
      response.end(lines.join(''));
    });
    const monitoring = new Monitoring(metrics, mkdtempSync(join(tmpdir(), 'atlas-monitoring-')));
    await once(metrics.listen(0, '127.0.0.1'), 'listening');
    const port = await freePort();
    await monitoring.startAlertmanager(port, ingestUrls);
    await monitoring.startPrometheus(port);
    return monitoring;
  }

  /** From now on, the disk of this host is full. */
  fire(host: string, owner: string): void {
    this.full.set(host, owner);
  }

  /** Frees the disks of these hosts; by default, of all. */
  resolve(hosts: Iterable<string> = [...this.full.keys()]): void {
    for (const host of hosts) this.full.delete(host);
  }

  async stop(): Promise<void> {
    for (const child of this.processes) {
      const ended = once(child, 'exit');
      if (child.kill('SIGKILL')) await ended;
    }
    this.metrics.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async startAlertmanager(port: number, ingestUrls: Readonly<Record<string, string>>): Promise<void> {
    const owners = Object.keys(ingestUrls);
    const config = this.file('alertmanager.yml', {
      route: {
        receiver: owners[0],
        group_by: ['...'],
        group_wait: '0s',
        group_interval: '1s',
        repeat_interval: '24h',
        routes: owners.map((owner) => ({ receiver: owner, matchers: [`owner="${owner}"`] })),
      },
      receivers: Object.entries(ingestUrls).map(([name, url]) => ({
        name,
        webhook_configs: [{ url, send_resolved: true, max_alerts: 1000 }],
      })),
    });
    await this.run(alertmanagerPath, port, [
      `--config.file=${config}`,
      `--storage.path=${join(this.folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ]);
  }

  private async startPrometheus(alertmanager: number): Promise<void> {
    const port = await freePort();
    const rules = this.file('rules.yml', {
      groups: [
        {
          name: 'disks',
          rules: [
            {
              alert: 'DiskFull',
              expr: 'disk_full == 1',
              labels: { severity: 'critical' },
              annotations: { summary: 'The disk of {{ $labels.ci }} is full' },
            },
          ],
        },
      ],
    });
    const target = `127.0.0.1:${(this.metrics.address() as AddressInfo).port}`;
    const config = this.file('prometheus.yml', {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'disks', static_configs: [{ targets: [target] }] }],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] }] },
    });
    await this.run(prometheusPath, port, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(this.folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
  }

  /** JSON is valid YAML. */
  private file(name: string, content: object): string {
    const path = join(this.folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  private async run(program: string | undefined, port: number, options: readonly string[]): Promise<void> {
    if (program === undefined) throw new Error('Prometheus or Alertmanager is not on the PATH.');
    const child = spawn(program, options, { stdio: 'ignore', cwd: this.folder });
    this.processes.push(child);
    const isReady = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(isReady, { timeoutMs: 30_000, what: `${program} is ready` });
  }
}
