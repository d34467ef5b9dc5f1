import 'reflect-metadata';
import { builtExports } from '../built-app';

interface Queue {
  start(): Promise<void>;
}
interface Jobs {
  due(): Promise<readonly string[]>;
}

/**
 * Makes a Control Plane accept jobs without ever running one: nothing wakes it, and its sweep finds none.
 * Everything else is as it ships. Its queue's tables must exist, so an ordinary process creates them first.
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
