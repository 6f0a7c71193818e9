use super::*;

/// An element around others.
fn element(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
    let inside = inside.concat();
    let length = u16::try_from(inside.len()).expect("short").to_be_bytes();
    [&[tag, 0x82], length.as_slice(), &inside].concat()
}

const NONCE: [u8; 8] = [0x41, 2, 3, 4, 5, 6, 7, 8];

fn response(status: u8, imprint: &[u8; 32], optional: &[&[u8]]) -> Vec<u8> {
    let stamped = element(0x30, &[&SHA256, &element(0x04, &[imprint])]);
    let time = element(0x18, &[b"20231114221320Z"]);
    let policy = [0x06, 0x01, 0x2a];
    let mut info: Vec<&[u8]> = vec![&[0x02, 0x01, 0x01], &policy, &stamped, &[0x02, 0x01, 0x07], &time];
    info.extend(optional);
    let info = element(0x04, &[&element(0x30, &info)]);
    let content = element(0x30, &[&element(0x06, &[&TST_INFO]), &element(0xa0, &[&info])]);
    let signed = element(0x30, &[&[0x02, 0x01, 0x03], &element(0x31, &[]), &content, &element(0x31, &[])]);
    let token = element(0x30, &[&element(0x06, &[&SIGNED_DATA]), &element(0xa0, &[&signed])]);
    element(0x30, &[&element(0x30, &[&[0x02, 0x01, status]]), &token])
}

#[test]
fn a_stamp_of_this_checkpoint_and_this_request_is_taken() {
    let (imprint, nonce) = ([7; 32], element(0x02, &[&NONCE]));
    let accuracy = element(0x30, &[&[0x02, 0x01, 0x01]]);
    for optional in [vec![nonce.as_slice()], vec![&accuracy, &[0x01, 0x01, 0xff], &nonce]] {
        let read = read(&response(0, &imprint, &optional), &imprint, &NONCE).expect("a stamp");
        assert_eq!(read, "20231114221320Z");
    }
    let good = response(0, &imprint, &[&nonce]);
    assert!(read(&good, &[8; 32], &NONCE).is_err(), "of something else");
    assert!(read(&good, &imprint, &[0x42; 8]).is_err(), "of another request");
    assert!(read(&response(0, &imprint, &[]), &imprint, &NONCE).is_err(), "of any request");
    assert!(read(&response(2, &imprint, &[&nonce]), &imprint, &NONCE).is_err(), "refused");
}

#[test]
fn nothing_that_is_cut_off_or_bent_makes_it_panic() {
    let imprint = [7; 32];
    let good = response(0, &imprint, &[&element(0x02, &[&NONCE])]);
    for end in 0..good.len() {
        assert!(read(&good[..end], &imprint, &NONCE).is_err(), "{end}");
    }
    for (at, bit) in (0..good.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bent = good.clone();
        bent[at] ^= 1 << bit;
        let _whatever = read(&bent, &imprint, &NONCE);
    }
}

#[test]
fn a_request_is_69_bytes() {
    let nonce = nonce().expect("random");
    assert_eq!(request(&[7; 32], &nonce).len(), 2 + 0x43);
    assert!((0x40..0x80).contains(&nonce[0]));
}
