import { type Step } from './step';

/** Every step that this process can run, by name. */
export class StepRegistry {
  private readonly steps = new Map<string, Step>();

  /** @throws Error when two steps have the same name. */
  register(...steps: readonly Step[]): void {
    for (const step of steps) {
      if (this.steps.has(step.name)) throw new Error(`Two steps are named ${step.name}.`);
      this.steps.set(step.name, step);
    }
  }

  get(name: string): Step {
    const step = this.steps.get(name);
    if (!step) throw new Error(`There is no step named ${name}.`);
    return step;
  }

  names(): readonly string[] {
    return [...this.steps.keys()];
  }
}
