import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  CHAIN_START,
  type ChainHead,
  type SealedAuditRecord,
  faultBehind,
} from '@atlas/platform/audit-chain';
import { CommandFailure, EXIT, UsageError } from '../failure';
import { type OperatorCall, type OperatorCommand } from './operator-command';

const CHAIN = 'GET /api/audit/chain';

export const AUDIT_EXPORT: OperatorCommand = {
  name: 'audit export',
  group: 'Audit and drift',
  summary: 'Export the audit trail with its hash chain',
  about: `Exports the whole audit trail with its hash chain, oldest first, one entry (JSON) per line. The
file can be verified without the Control Plane: atlas audit verify --file <file>`,
  examples: ['audit export > audit.ndjson'],
  options: [],
  async run({ client, terminal }) {
    for await (const record of client.list(CHAIN, {}, { from: '0' }))
      terminal.out(`${JSON.stringify(record)}\n`);
    return EXIT.done;
  },
};

export const AUDIT_VERIFY: OperatorCommand = {
  name: 'audit verify',
  group: 'Audit and drift',
  summary: 'Verify that no audit entry was changed or removed',
  about: `Recomputes the hash chain of the audit trail. Someone who can write to the database could
rebuild the chain from any entry onwards, or truncate it. To detect that, keep the last line of this command's
output elsewhere and pass it as --since next time.`,
  examples: ['audit verify', 'audit verify --file audit.ndjson'],
  options: [
    {
      name: 'file',
      value: '<file>',
      text: 'verify this export from "atlas audit export" or from a tenant plane',
    },
    { name: 'since', value: '<position>:<hash>', text: 'last line of an earlier verification' },
  ],
  async run(call) {
    const since = headIn(call.values['since']);
    const { checked, head } = await verified(recordsOf(call, since), since);
    const last = `${head.position}:${head.hash}`;
    call.terminal.out(
      call.isJson
        ? `${JSON.stringify({ checked, ...head })}\n`
        : `${checked} entries are unchanged.\n${last}\n`,
    );
    return EXIT.done;
  },
};

async function* recordsOf(call: OperatorCall, since: ChainHead | null) {
  const { file } = call.values;
  if (typeof file !== 'string') {
    yield* call.client.list(CHAIN, {}, { from: since ? String(since.position - 1) : '0' });
    return;
  }
  for await (const record of recordsIn(file)) if (!since || record.position >= since.position) yield record;
}

async function* recordsIn(file: string): AsyncGenerator<SealedAuditRecord> {
  try {
    for await (const line of createInterface({ input: (await open(file)).createReadStream() }))
      yield JSON.parse(line) as SealedAuditRecord;
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(
      error instanceof SyntaxError
        ? `${file} is not an audit export: ${message}`
        : `Cannot read ${file}: ${message}`,
    );
  }
}

/** Verifies the chain from the entry `since`, which must still exist. Throws at the first fault. */
async function verified(records: AsyncIterable<SealedAuditRecord>, since: ChainHead | null) {
  let head = since ?? CHAIN_START;
  let checked = 0;
  let isFound = since === null;
  for await (const record of records) {
    const fault = isFound ? faultBehind(head, record) : faultAt(head, record);
    if (fault) throw broken(fault);
    isFound = true;
    head = { position: record.position, hash: record.hash };
    checked += 1;
  }
  if (isFound) return { checked, head };
  throw broken(`it is truncated before entry ${head.position}`);
}

function broken(fault: string): CommandFailure {
  return new CommandFailure(`The audit trail is broken: ${fault}.`, {
    code: 'audit_chain_broken',
    hint: 'Treat it as an incident: compare it with an earlier export or backup.',
  });
}

function faultAt({ position, hash }: ChainHead, record: SealedAuditRecord): string | null {
  const isSame = record.position === position && record.hash === hash;
  return isSame ? null : `entry ${position} does not have the given hash, so the chain was rebuilt`;
}

function headIn(text: string | boolean | undefined): ChainHead | null {
  if (text === undefined) return null;
  const [, position, hash] = /^([1-9]\d{0,9}):([0-9a-f]{64})$/.exec(String(text)) ?? [];
  if (position && hash) return { position: Number(position), hash };
  throw new UsageError('--since must have the form <position>:<hash>, with a hash of 64 hex digits.', {
    hint: 'Pass the last line that an earlier "atlas audit verify" printed.',
  });
}
