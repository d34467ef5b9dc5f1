import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { runScript } from './installation/run-script';
import { collectSupport, writeSupportBundle } from './support/support-bundle';

/** Collects what support needs to know about the plane of this environment, and writes it to `--out`. */
runScript(
  async () => {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      options: {
        out: text,
        log: text,
        'leave-out': text,
        'hide-tenants': { type: 'boolean', default: false },
      },
    });
    const now = new Date();
    const hidesTenants = values['hide-tenants'];
    const leaveOut = values['leave-out']?.split(',') ?? [];
    const items = await collectSupport({
      env: process.env,
      now,
      logFile: values.log,
      leaveOut,
      hidesTenants,
    });
    if (values.out !== undefined) writeSupportBundle(values.out, items, now);
    const listed = items.map(({ name, summary, content, problem }) => ({
      name,
      summary,
      bytes: Buffer.byteLength(content),
      not_read: problem ?? null,
    }));
    return { document: { file: values.out ?? null, items: listed }, isGood: true };
  },
  { endsAtOnce: true },
);
