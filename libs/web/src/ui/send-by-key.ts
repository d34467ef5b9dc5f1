import { type KeyboardEvent } from 'react';

/** Ctrl+Enter in a text area sends its form, as Enter does in other fields. */
export function sendByKey({ key, ctrlKey, metaKey, target }: KeyboardEvent): void {
  const isSending = key === 'Enter' && (ctrlKey || metaKey) && target instanceof HTMLTextAreaElement;
  // Enter sends nothing either while the button is off.
  if (isSending && !target.form?.querySelector('[type=submit]:disabled')) target.form?.requestSubmit();
}
