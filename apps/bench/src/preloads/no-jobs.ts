import 'reflect-metadata';
import { GraphileQueue, Jobs } from '@atlas/jobs';

/**
 * Makes a Control Plane accept jobs without ever running one: nothing wakes it, and its sweep finds none.
 * Everything else is as shipped. The queue's tables must exist, so an ordinary process creates them first.
 */
GraphileQueue.prototype.start = () => Promise.resolve();
Jobs.prototype.due = () => Promise.resolve([]);
