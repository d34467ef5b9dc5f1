import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from '@atlas/testing';

const run = promisify(execFile);

const SERVER = 'prometheus';
const TOOL = 'promtool';

/** Whether a real server can be started on this machine. */
export const HAS_PROMETHEUS = [SERVER, TOOL].every((name) => spawnSync(name, ['--version']).status === 0);

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
    await run(TOOL, ['tsdb', 'create-blocks-from', 'openmetrics', String(input), String(data)]);
    const address = `127.0.0.1:${await freePort()}`;
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${address}`,
    ];
    const server = spawn(SERVER, options, { stdio: 'ignore' });
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
