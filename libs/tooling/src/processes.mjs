import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const TAIL_LINES = 40;
const PATIENCE_MS = 4000;
const LOOK_MS = 500;
const PARENT = process.ppid;

/** Runs a command whose output matters only if it fails, and shows how long it takes. */
export async function runTask(title, command, args, options) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const progress = showProgress(title, seconds);
  // Its own process group, so that a signal to this process can stop everything that the command started.
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const tail = lastLines(child);
  const release = onSignals((signal) => endGroup(child, signal));
  const { code, signal: wish } = await ended(child, release);
  progress.end(wish !== undefined ? 'stopped' : code === 0 ? 'done' : 'failed');
  if (wish !== undefined) process.exit(128 + constants.signals[wish]);
  if (code !== 0) throw new Error(`${title} failed:\n\n${tail().join('\n')}\n`);
}

/** Runs a Node script in this terminal. Resolves to its exit code. */
export async function runInForeground(args, { ipc = false, ...options }) {
  const stdio = ['inherit', 'inherit', 'inherit', ...(ipc ? ['ipc'] : [])];
  const child = spawn(process.execPath, args, { ...options, stdio });
  const release = onSignals((signal) => child.kill(signal));
  const { code } = await ended(child, release);
  return code;
}

function ended(child, release) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code: code ?? 128 + constants.signals[signal], signal: release() });
    });
  });
}

/**
 * Calls back on each signal to stop, until the returned function is called. That function returns the first
 * signal. npm runs this process in a shell. If a SIGTERM kills only that shell, this process merely gets a
 * new parent, which is treated as a SIGTERM.
 */
function onSignals(callback) {
  let first;
  const wish = (signal) => {
    first ??= signal;
    callback(signal);
  };
  for (const signal of SIGNALS) process.on(signal, wish);
  const watch = setInterval(() => {
    if (process.ppid === PARENT || first !== undefined) return;
    wish('SIGTERM');
  }, LOOK_MS);
  return () => {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, wish);
    return first;
  };
}

function endGroup(child, signal) {
  const send = (which) => {
    try {
      process.kill(-child.pid, which);
    } catch {
      // The process has already exited.
    }
  };
  send(signal);
  setTimeout(() => send('SIGKILL'), PATIENCE_MS).unref();
}

function lastLines(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text = (text + chunk).slice(-20_000);
    });
  }
  return () => text.trimEnd().split('\n').slice(-TAIL_LINES);
}

function showProgress(title, seconds) {
  const { stderr } = process;
  const line = (end) => (stderr.isTTY ? `\r\u001b[K  ${title} ${end}` : `  ${title} ${end}\n`);
  const tick = () => {
    if (stderr.isTTY || seconds() % 10 === 0) stderr.write(line(`… ${seconds()} s`));
  };
  stderr.write(line('…'));
  const timer = setInterval(tick, 1000);
  return {
    end(how) {
      clearInterval(timer);
      const end = `${how} after ${seconds()} s`;
      stderr.write(stderr.isTTY ? `${line(end)}\n` : line(end));
    },
  };
}
