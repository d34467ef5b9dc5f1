import { Slots } from './slots';

interface Part {
  readonly slots: Slots;
  users: number;
}

/** Slots of which each party can take only some, so that slow work of one party does not delay the others. */
export class SharedSlots {
  private readonly all: Slots;
  private readonly parts = new Map<string, Part>();

  constructor(private readonly limit: { readonly all: number; readonly each: number }) {
    this.all = new Slots(limit.all);
  }

  /** Runs the work as soon as there is a slot. Does not run it if `end` is called first. */
  async run(party: string, work: () => Promise<void>): Promise<void> {
    const part = this.parts.get(party) ?? { slots: new Slots(this.limit.each), users: 0 };
    this.parts.set(party, part);
    part.users += 1;
    try {
      await inSlot(part.slots, () => inSlot(this.all, work));
    } finally {
      part.users -= 1;
      if (part.users === 0) this.parts.delete(party);
    }
  }

  end(): void {
    this.all.end();
    for (const { slots } of this.parts.values()) slots.end();
  }
}

async function inSlot(slots: Slots, work: () => Promise<void>): Promise<void> {
  if (!(await slots.take())) return;
  try {
    await work();
  } finally {
    slots.giveBack();
  }
}
