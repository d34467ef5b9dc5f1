import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from '@atlas/testing';

const run = promisify(execFile);

/** Why the tests with a real server cannot run here, or null if they can. */
export const MISSING_PROMETHEUS =
  ['prometheus', 'promtool'].find((name) => spawnSync(name, ['--version']).error !== undefined) ?? null;

/** A Prometheus server with samples from a file, in a folder of its own. */
export class RealPrometheus {
  private constructor(
    readonly url: string,
    private readonly server: ChildProcess,
    private readonly folder: string,
  ) {}

  /** `samples` is in the OpenMetrics format. */
  static async start(samples: string): Promise<RealPrometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-prometheus-'));
    const [input, data, config] = ['input.om', 'data', 'prometheus.yml'].map((name) => join(folder, name));
    writeFileSync(String(input), samples);
    writeFileSync(String(config), 'scrape_configs: []\n');
    await run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', String(input), String(data)]);
    const address = `127.0.0.1:${await freePort()}`;
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${address}`,
    ];
    const server = spawn('prometheus', options, { stdio: 'ignore' });
    const prometheus = new RealPrometheus(`http://${address}`, server, folder);
    await eventually(() => prometheus.isReady(), { what: 'Prometheus is ready' });
    return prometheus;
  }

  async stop(): Promise<void> {
    const ended = once(this.server, 'exit');
    this.server.kill();
    await ended;
    rmSync(this.folder, { recursive: true });
  }

  private async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/-/ready`).catch(() => null);
    return answer?.ok === true;
  }
}
