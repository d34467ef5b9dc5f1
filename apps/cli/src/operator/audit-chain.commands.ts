import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  CHAIN_START,
  type ChainHead,
  type SealedAuditRecord,
  faultBehind,
} from '@atlas/platform/audit-chain';
import { CommandFailure, EXIT, UsageError } from '../command';
import { type OperatorCall, type OperatorCommand } from './operator-command';

const CHAIN = '/api/audit/chain';

export const AUDIT_EXPORT: OperatorCommand = {
  name: 'audit export',
  summary: 'write the audit trail with its chain, an entry a line',
  about: `Writes the audit trail with its chain, from its beginning, an entry (JSON) a line. Somebody who keeps it can verify it
without the Control Plane: atlas audit verify --file <file>.`,
  options: [],
  async run({ client, terminal }) {
    for await (const record of client.list<SealedAuditRecord>(CHAIN, {}, '0'))
      terminal.out(`${JSON.stringify(record)}\n`);
    return EXIT.done;
  },
};

export const AUDIT_VERIFY: OperatorCommand = {
  name: 'audit verify',
  summary: 'prove that no audit entry was changed or taken out',
  about: `Computes the chain of the audit trail anew. Whoever can write to the database could make a chain anew from an entry on,
or cut its end off: keep the last line of this command elsewhere, and give it as --since the next time.`,
  options: [
    { name: 'file', value: '<file>', text: 'as `atlas audit export`, or a tenant plane, wrote it' },
    { name: 'since', value: '<position>:<hash>', text: 'what an earlier call ended with' },
  ],
  async run(call) {
    const since = headIn(call.values['since']);
    const { checked, head } = await verified(recordsOf(call, since), since);
    const last = `${head.position}:${head.hash}`;
    call.terminal.out(
      call.isJson
        ? `${JSON.stringify({ checked, ...head })}\n`
        : `${checked} entries are what was sealed.\n${last}\n`,
    );
    return EXIT.done;
  },
};

async function* recordsOf(call: OperatorCall, since: ChainHead | null) {
  const { file } = call.values;
  if (typeof file !== 'string') {
    yield* call.client.list<SealedAuditRecord>(CHAIN, {}, since ? String(since.position - 1) : '0');
    return;
  }
  for await (const record of recordsIn(file)) if (!since || record.position >= since.position) yield record;
}

async function* recordsIn(file: string): AsyncGenerator<SealedAuditRecord> {
  try {
    for await (const line of createInterface({ input: (await open(file)).createReadStream() }))
      yield JSON.parse(line) as SealedAuditRecord;
  } catch (error) {
    const isOther = error instanceof SyntaxError;
    throw new UsageError(
      `${file} ${isOther ? 'is no audit trail' : 'cannot be read'}: ${(error as Error).message}`,
    );
  }
}

/** From `since` on, which must still be there. Throws at the first fault. */
async function verified(records: AsyncIterable<SealedAuditRecord>, since: ChainHead | null) {
  let head = since ?? CHAIN_START;
  let checked = 0;
  let isFound = since === null;
  for await (const record of records) {
    const fault = isFound ? faultBehind(head, record) : faultAt(head, record);
    if (fault) throw new CommandFailure(`The audit trail is not whole: ${fault}.`, EXIT.failed);
    isFound = true;
    head = { position: record.position, hash: record.hash };
    checked += 1;
  }
  if (isFound) return { checked, head };
  throw new CommandFailure(
    `The audit trail is not whole: its end is cut off before entry ${head.position}.`,
    EXIT.failed,
  );
}

function faultAt({ position, hash }: ChainHead, record: SealedAuditRecord): string | null {
  const isSame = record.position === position && record.hash === hash;
  return isSame ? null : `entry ${position} has another hash than the one given: the chain was made anew`;
}

function headIn(text: string | boolean | undefined): ChainHead | null {
  if (text === undefined) return null;
  const [, position, hash] = /^([1-9]\d{0,9}):([0-9a-f]{64})$/.exec(String(text)) ?? [];
  if (position && hash) return { position: Number(position), hash };
  throw new UsageError(
    '--since is not of the form <position>:<hash>: give the last line of an earlier call.',
  );
}
