# 規格の各条項の趣旨。規格の文言ではなく、独自の言葉による。

## SOC 2

clause-soc-cc4-1 = 統制が機能していることの点検
clause-soc-cc6-1 = アクセスできる人とその保護
clause-soc-cc6-2 = アカウントの作成と廃止
clause-soc-cc6-3 = ロールに応じた権限
clause-soc-cc6-6 = 外部からの侵入の防止
clause-soc-cc6-7 = 持ち出されるデータの管理
clause-soc-cc6-8 = 不正なソフトウェアや設定の防止
clause-soc-cc7-1 = 弱点につながる変更の発見
clause-soc-cc7-2 = 異常の監視
clause-soc-cc7-3 = 検知した事象の評価
clause-soc-cc7-4 = インシデントへの対応
clause-soc-cc7-5 = インシデントからの復旧
clause-soc-cc8-1 = 変更の承認と追跡
clause-soc-a1-2 = 復元できるバックアップ
clause-soc-c1-1 = 機密データの把握と保持
clause-soc-c1-2 = 機密データの廃棄
clause-soc-p4-2 = 個人データの必要な期間のみの保持
clause-soc-p6-1 = 個人データの第三者提供

## ISO/IEC 27001:2022, annex A

clause-iso-a-5-16 = 利用開始から終了までのIDの管理
clause-iso-a-5-18 = 権限の付与、見直し、取り消し
clause-iso-a-5-28 = 証拠として通用する記録の収集
clause-iso-a-5-33 = 記録の紛失と偽造の防止
clause-iso-a-5-34 = 個人データの保護
clause-iso-a-8-2 = 強い権限の制限
clause-iso-a-8-5 = 安全なサインイン
clause-iso-a-8-9 = 設定の管理
clause-iso-a-8-10 = 不要になったデータの削除
clause-iso-a-8-13 = バックアップの取得と確認
clause-iso-a-8-15 = ログの記録、保護、分析
clause-iso-a-8-16 = 異常の監視
clause-iso-a-8-17 = 時計のずれの防止

## PCI DSS 4.0.1, requirement 10

clause-pci-10-2-1-1 = 記録：カード会員データへのアクセス
clause-pci-10-2-1-2 = 記録：管理者の操作
clause-pci-10-2-1-3 = 記録：ログへのアクセス
clause-pci-10-2-1-4 = 記録：拒否された試行
clause-pci-10-2-1-5 = 記録：アカウントと認証情報の変更
clause-pci-10-2-1-6 = 記録：ログ記録の開始、停止、中断
clause-pci-10-2-1-7 = 記録：システムオブジェクトの作成と削除
clause-pci-10-3-1 = ログの閲覧者の限定
clause-pci-10-3-2 = ログの改変の防止
clause-pci-10-3-3 = ログの別の場所への速やかなコピー
clause-pci-10-3-4 = ログの改変の検知
clause-pci-10-4-1 = ログの毎日の確認
clause-pci-10-4-3 = 見つかった問題への対処
clause-pci-10-5-1 = 1年分のログと直近3か月分の即時利用
clause-pci-10-6-1 = 時計のずれの防止
clause-pci-10-7-2 = 安全対策の停止の検知と対応

## HIPAA, 45 CFR

clause-hipaa-164-308-a-1-ii-d = 活動の定期的な確認
clause-hipaa-164-308-a-3 = 必要な職員だけへのアクセスの付与
clause-hipaa-164-308-a-5-ii-c = サインインの監視
clause-hipaa-164-312-a = 許可された者だけのアクセス
clause-hipaa-164-312-b = 活動の記録と調査
clause-hipaa-164-312-c-1 = データの不正な改変と破壊の防止
clause-hipaa-164-312-d = 本人であることの確認
clause-hipaa-164-316-b-2-i = 記録の6年間の保管

## GDPR

clause-gdpr-5-1-e = 必要以上に長く保存しないこと
clause-gdpr-5-1-f = 不正利用と紛失からの保護
clause-gdpr-5-2 = 遵守を示せること
clause-gdpr-15 = 本人への開示
clause-gdpr-17 = 求めに応じた消去
clause-gdpr-18 = 求めに応じた処理の制限
clause-gdpr-25 = 最初から組み込まれた保護
clause-gdpr-30 = データの扱いの一覧
clause-gdpr-32 = リスクに見合った安全対策
clause-gdpr-33-34 = 侵害の期限内の通知
