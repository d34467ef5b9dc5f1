import { type Socket as DatagramSocket } from 'node:dgram';
import { isIP, Socket } from 'node:net';

type Call = (this: unknown, ...given: unknown[]) => unknown;

/**
 * Prints and refuses every connection, datagram and name lookup that leaves the process, except to its own
 * database.
 */
const allowed = databaseIn(process.env['TENANT_PLANE_DATABASE_URL'] ?? '');

replace(Socket.prototype, 'connect', (connect) => {
  return function (this: unknown, ...given) {
    const target = targetOf(given);
    if (target === allowed) return connect.apply(this, given);
    const refusal = refusalOf(target);
    // Only then do callers listen for errors.
    setImmediate(() => (this as Socket).destroy(refusal));
    return this;
  };
});

const datagrams = process.getBuiltinModule('node:dgram').Socket.prototype as DatagramSocket;
for (const name of ['send', 'connect'])
  replace(datagrams, name, () => (): never => {
    throw refusalOf(`a datagram (${name})`);
  });

const dns = process.getBuiltinModule('node:dns');
const names = Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name));
for (const name of names) replace(dns, name, (call) => refusingNames(call, name));
for (const name of names)
  if (name in dns.promises) replace(dns.promises, name, (call) => refusingNames(call, name));

/** A server looks up the address that it listens on, which leaves nothing. */
function refusingNames(call: Call, name: string): Call {
  return function (this: unknown, asked, ...others) {
    if (isIP(String(asked)) === 0) throw refusalOf(`${name} of ${String(asked)}`);
    return call.call(this, asked, ...others);
  };
}

function replace(owner: object, name: string, by: (original: Call) => Call): void {
  Reflect.set(owner, name, by(Reflect.get(owner, name) as Call));
}

/**
 * The arguments of `Socket.connect` are an options object, a port and a host, or a path; Node passes them
 * as a list.
 */
function targetOf(given: readonly unknown[]): string {
  const [first, second] = (Array.isArray(given[0]) ? given[0] : given) as readonly unknown[];
  if (typeof first !== 'object' || first === null) return `${String(second ?? 'localhost')}:${String(first)}`;
  const { host = 'localhost', port, path } = first as { host?: string; port?: unknown; path?: string };
  return port === undefined || port === null ? String(path) : `${host}:${String(port)}`;
}

function databaseIn(url: string): string {
  if (!url.startsWith('postgres')) return 'none';
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || '5432'}`;
}

function refusalOf(what: string): Error {
  process.stdout.write(`${JSON.stringify({ outgoing: what })}\n`);
  return new Error(`No call may leave: ${what}`);
}
