import { List, Text } from '@mantine/core';

/** In step with the plane's ai/facts-message.ts and ai/redaction.ts. */
export function WhatLeaves() {
  return (
    <div>
      <Text size="sm" fw={600}>
        What a question contains
      </Text>
      <List size="sm">
        <List.Item>The incident, its latest timeline, its alerts and its configuration items</List.Item>
        <List.Item>
          Placeholders instead of names of users and hosts, and of email and IP addresses. The plane puts them
          back into the answer
        </List.Item>
        <List.Item>No secrets in known forms: they are removed before</List.Item>
      </List>
    </div>
  );
}
