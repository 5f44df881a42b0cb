import type { ReactNode } from "react";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay, Dialog as Spoken } from "react-aria-components/Modal";
import { Button } from "./Button";
import styles from "./Dialog.module.css";

interface Props {
  title: string;
  isOpen: boolean;
  close: () => void;
  children: ReactNode;
}

/** Something that wants an answer before anything else, or that is looked at for a moment. */
export function Dialog({ title, isOpen, close, children }: Props) {
  return (
    <ModalOverlay
      className={styles.shade ?? ""}
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => open || close()}
    >
      <Modal className={styles.box ?? ""}>
        <Spoken className={styles.dialog ?? ""}>
          <header className={styles.head}>
            <Heading slot="title" className={styles.title ?? ""}>
              {title}
            </Heading>
            <Button look="quiet" icon="close" aria-label="Close" onPress={close} />
          </header>
          {children}
        </Spoken>
      </Modal>
    </ModalOverlay>
  );
}
