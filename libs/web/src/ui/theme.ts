import { type CSSVariablesResolver, Drawer, Loader, Modal, Notification, createTheme } from '@mantine/core';

/**
 * Colours of text, darkened until they stand out enough (WCAG 2.2 AA, 4.5:1) on white and on the light tone
 * of the same colour. Mantine's own do not.
 */
const TEXT_ON_LIGHT = {
  red: '#c12828',
  orange: '#b63c0d',
  yellow: '#a15300',
  green: '#257735',
  blue: '#1864ab',
  gray: '#495057',
} as const;
/** Behind the link of the current page, while the pointer is on it. */
const LINK_HOVER_ON_LIGHT = '#c8d3ff';
const DIMMED_ON_LIGHT = '#697077';
const DIMMED_ON_DARK = '#a0a0a0';

const CLOSE = { closeButtonProps: { 'aria-label': 'Close' } };

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: 8,
  defaultRadius: 'sm',
  fontFamily: 'system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, monospace',
  respectReducedMotion: true,
  components: {
    Loader: Loader.extend({ defaultProps: { role: 'status' } }),
    Modal: Modal.extend({ defaultProps: CLOSE }),
    Drawer: Drawer.extend({ defaultProps: CLOSE }),
    Notification: Notification.extend({ defaultProps: CLOSE }),
  },
});

export const readableColours: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-indigo-light-hover': LINK_HOVER_ON_LIGHT,
    '--mantine-color-dimmed': DIMMED_ON_LIGHT,
    '--mantine-color-placeholder': DIMMED_ON_LIGHT,
    '--mantine-color-error': TEXT_ON_LIGHT.red,
    ...Object.fromEntries(
      Object.entries(TEXT_ON_LIGHT).flatMap(([name, value]) =>
        ['light-color', 'text', 'outline'].map((use) => [`--mantine-color-${name}-${use}`, value]),
      ),
    ),
  },
  dark: {
    '--mantine-color-dimmed': DIMMED_ON_DARK,
    '--mantine-color-placeholder': DIMMED_ON_DARK,
  },
});
