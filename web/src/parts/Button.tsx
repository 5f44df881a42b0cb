import type { ReactNode, Ref } from "react";
import { type ButtonProps, Button as Pressable } from "react-aria-components/Button";
import styles from "./Button.module.css";
import { Icon, type IconName } from "./Icon";

interface Props extends Omit<ButtonProps, "className" | "children"> {
  children?: ReactNode;
  /** One on a page is `primary`; what cannot be undone is `danger`; what stands in a row of others is `quiet`. */
  look?: "plain" | "primary" | "danger" | "quiet";
  icon?: IconName;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ children, look = "plain", icon, ...props }: Props) {
  return (
    <Pressable
      {...props}
      className={`${styles.button} ${styles[look]} ${children === undefined ? styles.bare : ""}`}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Pressable>
  );
}
