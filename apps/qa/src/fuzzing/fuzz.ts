import { inBatches } from '../in-batches';
import { AnswerCheck, type FuzzAnswer } from './answers';
import { isRefusal } from './breaks';
import { type Caller } from './caller';
import { type Operation, documentOf, titleOf } from './operations';
import { type FuzzCase, casesOf } from './requests';
import { FuzzSender } from './sending';
import { Values } from './values';

const AT_ONCE = 8;

/** Codes of a legitimate 503: the cell is full, or an AI or identity provider is unreachable. */
const OF_OTHERS = ['no_capacity', 'ai_unavailable', 'identity_provider_unavailable'];

/**
 * If an operation accepts more than this share of its invalid requests, it must be missing a validation rule,
 * even if the share over all operations is acceptable.
 */
const LAX = 0.01;

export interface FuzzCounts {
  operations: number;
  cases: number;
  /** Responses by outcome. Successful responses show that requests got past the validation. */
  succeeded: number;
  failed: number;
  undocumented: number;
  otherwise: number;
  broken: number;
  accepted: number;
  /** Operations that accept more than {@link LAX} of their invalid requests. */
  lax: string[];
  ofOthers: number;
}

interface Fuzz {
  readonly seed: number;
  readonly count: number;
  readonly only?: string;
  readonly progress: (text: string) => void;
}

/** Sends `count` requests to every operation of a plane. */
export async function fuzz(caller: Caller, { seed, count, only = '', progress }: Fuzz): Promise<FuzzCounts> {
  const document = documentOf(caller.plane);
  const [check, sender] = [new AnswerCheck(document), new FuzzSender(caller.url)];
  const counts: FuzzCounts = {
    operations: 0,
    cases: 0,
    succeeded: 0,
    failed: 0,
    undocumented: 0,
    otherwise: 0,
    broken: 0,
    accepted: 0,
    lax: [],
    ofOthers: 0,
  };
  for (const [at, operation] of guessesLast(document.operations).entries()) {
    if (!titleOf(operation).includes(only)) continue;
    counts.operations += 1;
    const before = { ...counts };
    const values = new Values((schema) => document.resolve(schema), caller.realOf(operation));
    const cases = casesOf(document, operation, values, { seed: seed + at, count });
    await inBatches(cases, { batch: AT_ONCE }, async (one) => {
      const answer = await sender.send(await caller.own(operation, one.request));
      const fault = countIn(counts, { check, operation }, one, answer);
      if (fault !== null) progress(`${titleOf(operation)}: ${fault}: ${textOf(one, answer)}`);
    });
    const share = (counts.accepted - before.accepted) / (counts.broken - before.broken);
    if (share > LAX) counts.lax.push(titleOf(operation));
  }
  sender.close();
  return counts;
}

/**
 * Puts throttled operations last, because failed guesses block the client's address, and the caller signs in
 * from the same address.
 */
function guessesLast(operations: readonly Operation[]): Operation[] {
  const isThrottled = ({ answers }: Operation): boolean => '429' in answers;
  return [
    ...operations.filter((operation) => !isThrottled(operation)),
    ...operations.filter((operation) => isThrottled(operation)),
  ];
}

/** Counts the response, and returns what is wrong with it, or null. */
function countIn(
  counts: FuzzCounts,
  { check, operation }: { readonly check: AnswerCheck; readonly operation: Operation },
  { broken }: FuzzCase,
  answer: FuzzAnswer,
): string | null {
  const { status, text } = answer;
  counts.cases += 1;
  if (status < 300) counts.succeeded += 1;
  if (broken) counts.broken += 1;
  const isOfOthers = status === 503 && OF_OTHERS.some((code) => text.includes(`"${code}"`));
  if (isOfOthers) counts.ofOthers += 1;
  if (status >= 500 && !isOfOthers) return counted(counts, 'failed', 'failed');
  if (!check.isDocumented(operation, answer)) return counted(counts, 'undocumented', 'undocumented');
  const fault = check.fault(operation, answer);
  if (fault !== null) return counted(counts, 'otherwise', fault);
  if (broken && !isRefusal(broken, status))
    return counted(counts, 'accepted', `was not refused despite ${broken.name}`);
  return null;
}

type Fault = 'failed' | 'undocumented' | 'otherwise' | 'accepted';

function counted(counts: FuzzCounts, fault: Fault, text: string): string {
  counts[fault] += 1;
  return text;
}

function textOf(
  { request: { target, headers, body } }: FuzzCase,
  { status, type, text }: FuzzAnswer,
): string {
  const sent = `${target} ${JSON.stringify(headers)} ${body.toString().slice(0, 300)}`;
  return `${sent} -> ${status} ${type} ${text.slice(0, 300)}`;
}
