import { isLaterRun, runName } from '@atlas/plane-contract';
import { decodeProtectedHeader } from 'jose';
import { ControlPlaneRefused } from '../src/control-plane-client/control-plane.errors';
import { TargetBehind, type WantedPart } from '../src/portability/transfer-relay';

/** The Control Plane's side of a transfer, in memory. */
export class MemoryRelay {
  readonly parts: string[] = [];
  private wake: () => void = () => undefined;
  private readonly waiting: { until: () => boolean; resolve: () => void }[] = [];
  /** The names of the import runs. Only the latest run may import. */
  readonly importers: string[] = [];
  private runs = 0;
  /** The part requested last. All earlier parts have been imported. */
  asked = 0;
  /** The number of parts imported from the stored attempt. */
  private importedParts = 0;
  /** How many times changes were refused because the target was behind. */
  refused = 0;
  /** The number of imported parts that the source is waiting for. */
  awaited: number | undefined;
  /** The number of imported parts that the source has learned of by waiting. */
  told = 0;

  /** With `isOlder`, it behaves like an older Control Plane, which does not report the target's progress. */
  constructor(private readonly isOlder = false) {}

  async send(_sending: object, part: number, sealed: string): Promise<number | undefined> {
    if (this.refuses(part, sealed)) {
      this.refused += 1;
      // Ten minutes, which is longer than any test waits.
      throw new TargetBehind(600_000);
    }
    if (part === 1 && this.parts[0] && attemptOf(this.parts[0]) !== attemptOf(sealed)) {
      this.parts.length = 0;
      this.importedParts = 0;
    }
    this.parts[part - 1] = sealed;
    this.wake();
    this.look();
    return this.isOlder ? undefined : this.importedParts;
  }

  async imported(_id: string, count: number, signal: AbortSignal): Promise<number> {
    this.awaited = count;
    const isFarEnough = this.when(() => this.importedParts >= count);
    this.look();
    await unlessAborted(isFarEnough, signal);
    this.awaited = undefined;
    this.told = this.importedParts;
    this.look();
    return this.importedParts;
  }

  async receive(
    { importer, attempt, part }: Omit<WantedPart, 'transferId'>,
    signal: AbortSignal,
    wait = 20,
  ): Promise<string | null> {
    const isNew = (): boolean => this.parts[0] !== undefined && attempt !== attemptOf(this.parts[0]);
    this.noteImporter(importer, part, attempt);
    this.asked = part;
    if (this.parts[0] !== undefined && !isNew()) this.importedParts = part - 1;
    this.look();
    while (wait > 0 && !isNew() && this.parts.length < part && !signal.aborted)
      await unlessAborted(new Promise<void>((resolve) => (this.wake = resolve)), signal);
    return (isNew() ? this.parts[0] : this.parts[part - 1]) ?? null;
  }

  private refuses(part: number, sealed: string): boolean {
    const isOfChanges = decodeProtectedHeader(sealed)['kind'] === 'changes';
    const isBehind = this.parts.length - this.importedParts >= 3;
    return !this.isOlder && isOfChanges && part > this.parts.length && isBehind;
  }

  private noteImporter(importer: string, part: number, attempt: string | undefined): void {
    if (importer === this.importers.at(-1)) return;
    if (part !== 1 || attempt !== undefined || !isLaterRun(importer, this.importers.at(-1) ?? null))
      throw new ControlPlaneRefused(409, 'import_superseded', 'Start over.');
    this.importers.push(importer);
    this.importedParts = 0;
  }

  /** Returns the name of a new run, in the format that planes use. */
  async nameRun(): Promise<string> {
    return runName({ generation: 1, begunAt: new Date((this.runs += 1)) });
  }

  /** Waits until the target has imported everything that was sent. */
  level(): Promise<void> {
    return this.when(() => {
      const last = this.parts.at(-1);
      const header = last ? decodeProtectedHeader(last) : {};
      return header['kind'] === 'changes' && this.asked > this.parts.length;
    });
  }

  when(until: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ until, resolve });
      this.look();
    });
  }

  private look(): void {
    for (const { until, resolve } of this.waiting) if (until()) resolve();
  }
}

const attemptOf = (sealed: string): unknown => decodeProtectedHeader(sealed)['attempt'];

/** Resolves when `work` does or when the signal aborts. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { signal: ended.signal });
  });
  await Promise.race([work, aborted]);
  ended.abort();
}
