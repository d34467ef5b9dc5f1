import 'reflect-metadata';
import { builtExports } from '../built-app';

interface Queue {
  start(): Promise<void>;
}
interface Jobs {
  due(): Promise<readonly string[]>;
}

/**
 * A Control Plane that accepts and never works on a job: it is not woken for one and its sweep finds none. All else is as
 * it ships. Its queue's tables must exist: an ordinary process makes them first.
 */
const { GraphileQueue } = builtExports<{ GraphileQueue: { prototype: Queue } }>(
  'control-plane',
  'provisioning/queue/graphile.queue.js',
);
const { Jobs } = builtExports<{ Jobs: { prototype: Jobs } }>(
  'control-plane',
  'provisioning/jobs.repository.js',
);
GraphileQueue.prototype.start = () => Promise.resolve();
Jobs.prototype.due = () => Promise.resolve([]);
