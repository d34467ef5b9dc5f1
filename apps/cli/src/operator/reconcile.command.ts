import { type LookView, type PassView } from '../control-plane/views';
import { CommandFailure, EXIT } from '../failure';
import { connectionOf } from './connection';
import { showOpenDrifts } from './drifts.command';
import { note } from './note';
import { type OperatorCall, type OperatorCommand } from './operator-command';

const POLL_MS = 2000;

export const RECONCILE: OperatorCommand = {
  name: 'reconcile',
  group: 'Audit and drift',
  summary: 'Compare the records with reality now',
  about:
    'Compares the records with reality, repairs what it can without losing data, and lists ' +
    'what a person must do.\nWith thousands of tenants, shows the progress until all are compared.',
  examples: ['reconcile'],
  options: [],
  async run(call) {
    const answer = await call.client.call('POST /api/reconcile');
    const look = 'id' in answer ? await followPass(call, answer) : answer;
    if (call.isJson) {
      call.terminal.out(`${JSON.stringify(look)}\n`);
      return EXIT.done;
    }
    const { looked_at: count, found, repaired, gone, not_looked_at: unseen } = look;
    call.terminal.out(`Compared ${count}: ${found} found, ${repaired} repaired, ${gone} disappeared.\n`);
    if (unseen.length > 0)
      note(call, `Could not check: ${unseen.join(', ')}. The Control Plane's log says why.`);
    await showOpenDrifts(call);
    return unseen.length > 0 ? EXIT.failed : EXIT.done;
  },
};

/** Shows how far the pass is, until it has finished. Ctrl-C ends only the display. */
async function followPass(call: OperatorCall, begun: PassView): Promise<LookView> {
  const { client, surroundings, isJson } = call;
  const end = new AbortController();
  const interrupt = (): void => end.abort();
  surroundings.signals.once('SIGINT', interrupt);
  try {
    let pass = begun;
    while (pass.status === 'running') {
      await surroundings.pause(POLL_MS, end.signal);
      const { pass: newest } = await client.call('GET /api/reconcile');
      // The next pass may have begun since the last look at this one.
      if (newest?.id !== begun.id) break;
      if (!isJson && newest.looked_at !== pass.looked_at)
        note(call, `Compared ${newest.looked_at} of about ${newest.expected}.`);
      pass = newest;
    }
    return pass;
  } catch (error) {
    if (!end.signal.aborted) throw error;
    throw new CommandFailure('Stopped watching.', {
      exitCode: EXIT.interrupted,
      code: 'interrupted',
      hint: `The comparison continues. Watch it again: atlas reconcile${connectionOf(call.values)}`,
    });
  } finally {
    surroundings.signals.off('SIGINT', interrupt);
  }
}
