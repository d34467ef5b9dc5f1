import { Anchor, type AnchorProps, Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { type ReactNode, type Ref } from 'react';

interface Linked {
  readonly ref?: Ref<HTMLAnchorElement>;
  readonly title?: string;
  readonly children?: ReactNode;
}

/** A link to a page, whose path and search are checked against the routes. */
export const PageLink = createLink((props: AnchorProps & Linked) => <Anchor {...props} />);

/** The same, as a button. */
export const ButtonLink = createLink((props: ButtonProps & Linked) => <Button component="a" {...props} />);
