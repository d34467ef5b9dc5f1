import { CommandFailure, EXIT } from '../failure';

/** Runs `work` until it ends or Ctrl-C aborts its signal. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const interrupt = (): void =>
    end.abort(new CommandFailure('Stopped.', { exitCode: EXIT.interrupted, code: 'interrupted' }));
  process.once('SIGINT', interrupt);
  try {
    return await work(end.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
