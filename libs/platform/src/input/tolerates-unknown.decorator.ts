import { type Type } from '@nestjs/common';

const tolerant = new WeakSet<object>();

/**
 * Properties that this class and its parts do not declare are dropped, as another program defines the body.
 */
export const ToleratesUnknown = (): ClassDecorator => (target) => {
  tolerant.add(target);
};

export function toleratesUnknown(type: Type | undefined): boolean {
  return type !== undefined && tolerant.has(type);
}
